from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers

API_PREFIX = "/api/"


class LanguageMiddleware:
    """Vietnamese first: pages follow the reader's own choice, never the language of an office's browser.

    Order: the language switch (cookie), then the account's language, then Vietnamese. Only the API follows
    Accept-Language, as programs expect.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        language = self._language(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if request.path.startswith(API_PREFIX):
            patch_vary_headers(response, ("Accept-Language",))
        return response

    def _language(self, request: HttpRequest) -> str:
        supported = dict(settings.LANGUAGES)
        if request.path.startswith(API_PREFIX):
            # Accept-Language is read only where it is sent; the fallback stays Vietnamese.
            return translation.get_language_from_request(request) if request.headers.get("Accept-Language") else settings.LANGUAGE_CODE
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in supported and request.user.is_authenticated:
            chosen = request.user.language
        return chosen if chosen in supported else settings.LANGUAGE_CODE
