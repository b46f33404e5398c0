from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Pages go over the line compressed; Django pads them at random, so that their length tells nothing (BREACH).

    Only HTML: the API's entity tags would turn weak, and workbooks are compressed already. docs/decisions/0018 says why.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.headers.get("Content-Type", "").startswith("text/html"):
            return super().process_response(request, response)
        return response
