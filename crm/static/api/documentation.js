"use strict";

// Shows the description of the API. Requests that are tried out carry the reader's session and its CSRF token.
const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
  requestInterceptor: (request) => {
    const method = (request.method || "GET").toUpperCase();
    if (method !== "GET" && new URL(request.url, document.baseURI).origin === location.origin) {
      request.headers["X-CSRFToken"] = place.dataset.csrf;
    }
    return request;
  },
});
