"""All settings, in one file, from the environment.

Nothing needs to be set to try the product: SQLite in WAL mode, a filesystem broker and a database
cache under ``var/`` are the embedded default. A server sets SECRET_KEY, DATABASE_URL, REDIS_URL and ALLOWED_HOSTS.
"""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.bootstrap.places import is_same_place

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
# SANDBOX=on makes this the site's sandbox, where offices try their programs: see docs/operations.md. It keeps everything
# below a folder of its own, and of what the real site is told by the environment it takes no database, queue, key or mail server.
SANDBOX = env.bool("SANDBOX", default=False)
# VAR_DIR holds what the running site makes: database, uploads, broker, the generated secret key.
VAR_DIR = Path(env.str("VAR_DIR", default="") or str(BASE_DIR / "var")) / ("sandbox" if SANDBOX else "")
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _own(name: str) -> str:
    """Return what the environment says for this site alone; a sandbox has its own, and is never told the real site's."""
    said = env.str(f"SANDBOX_{name}" if SANDBOX else name, default="")
    if SANDBOX and said and is_same_place(said, env.str(name, default="")):
        raise ImproperlyConfigured(f"SANDBOX_{name} is the same as {name}: a sandbox shares nothing with the real site.")
    return str(said)


def _secret_key() -> str:
    """Return SECRET_KEY from the environment, or the key that `./dev run` generated under ``var/``."""
    if key := _own("SECRET_KEY"):
        return key
    key_file = VAR_DIR / "secret_key"
    if key_file.exists():
        return key_file.read_text().strip()
    if DEBUG or env.bool("EPHEMERAL_SECRET_KEY", default=False):
        return "only-for-one-process-and-never-for-a-server"
    raise ImproperlyConfigured("SECRET_KEY is not set. Set it in the environment, or start the site with ./dev run.")


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config.apps.NhipCauConfig",
    "reports",
    "activities",
    "partners",
    "crm",
    "config.apps.NhipCauAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_filters",
    "django_htmx",
    "template_partials",
    "heroicons",
    "import_export",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
]

MIDDLEWARE = [
    "config.sandbox.SandboxMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.PageCompressionMiddleware",
    "config.uploads.UploadLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.language.LanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "config.urls"
FORM_RENDERER = "crm.forms.FormRenderer"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.navigation",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]

# --- Databases -------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    # IMMEDIATE and a patient timeout: four writing processes, no "database is locked" (measured).
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA mmap_size=134217728;"
        "PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-20000;PRAGMA temp_store=MEMORY;"
    ),
}
# Compiling a statement took a quarter of the time of the figures, and is worth it for none of ours (measured).
POSTGRESQL_OPTIONS = {"options": "-c jit=off"}
# Set but empty means the same as not set: so a file of variables may leave it open.
DATABASE_URL = _own("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'nhip_cau.sqlite3'}"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
elif pool_size := env.int("DATABASE_POOL", default=0):
    # Only web processes pool; commands and workers keep one connection each.
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": pool_size, "timeout": 10}, **POSTGRESQL_OPTIONS}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A connection that broke while it rested, as when the database was restarted, is noticed before it is used.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    DATABASES["default"]["OPTIONS"] = POSTGRESQL_OPTIONS
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True


def _next_redis_database(url: str) -> str:
    """Return the address of the database after the given one, on the same server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}"))


REDIS_URL = _own("REDIS_URL")
if REDIS_URL:
    # Emptying the cache empties its whole Redis database; the queue of the workers must not go with it.
    REDIS_CACHE_URL = _own("REDIS_CACHE_URL") or _next_redis_database(REDIS_URL)
    if SANDBOX and (real := env.str("REDIS_URL", default="")):
        taken = (real, env.str("REDIS_CACHE_URL", default="") or _next_redis_database(real))
        if any(is_same_place(own, other) for own in (REDIS_URL, REDIS_CACHE_URL) for other in taken):
            raise ImproperlyConfigured(
                "SANDBOX_REDIS_URL and the database after it must not be those of the real site: take another number."
            )
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_CACHE_URL}}
else:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "crm_cache"},
        # Counting requests of the API in the database would cost each of them a write.
        "throttles": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "throttles"},
    }

# --- Celery ----------------------------------------------------------------------------------------

BROKER_DIR = VAR_DIR / "broker"
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {"visibility_timeout": 3600}
else:
    for folder in ("queue", "control", "processed"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "Asia/Ho_Chi_Minh"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A job that gives no sign of life for so long has lost its worker, and goes on in another. Parts of jobs last seconds.
JOB_SILENT_SECONDS = env.int("JOB_SILENT_SECONDS", default=180)

# --- People and sign-in ----------------------------------------------------------------------------

AUTH_USER_MODEL = "crm.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "config.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = False
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "change_password": "5/m/user"}
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
# Cookies know no ports: beside the real site on one machine, signing in here must not sign anybody out there.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("sandbox-session", "sandbox-csrf") if SANDBOX else ("sessionid", "csrftoken")
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# How many proxies of ours stand before the site, each adding an address to X-Forwarded-For. What else stands there is invented.
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

# HTTPS=on says that the site is served over https, directly or behind a proxy that sets X-Forwarded-Proto.
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- Languages and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]

# --- Files -----------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static", ("guide", BASE_DIR / "docs" / "user-guide" / "pictures")]
STORAGES = {
    # Uploads are private: no URL serves this folder.
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(VAR_DIR / "uploads")}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=20 * 1024 * 1024)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=200_000)

# A file of rows that an office's program sends at once; it is received in pieces and never held in memory.
PUSH_MAX_BYTES = env.int("PUSH_MAX_BYTES", default=200 * 1024 * 1024)
PUSH_MAX_ROWS = env.int("PUSH_MAX_ROWS", default=500_000)

# --- REST API --------------------------------------------------------------------------------------

OAUTH2_PROVIDER_APPLICATION_MODEL = "crm.OfficeClient"
OAUTH2_PROVIDER = {
    "SCOPES": {"read": "Read what the office may see", "write": "Write the office's own records"},
    "DEFAULT_SCOPES": ["read"],
    # What the scopes of a credential are is asked for each: one for reading never gets a token that writes.
    "SCOPES_BACKEND_CLASS": "crm.api.scopes.CredentialScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "PKCE_REQUIRED": True,
    "ALLOWED_SCHEMES": ["https"],
    # Tokens are kept as digests only (RFC 9700, section 4.14).
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.api.authentication.OfficeAuthentication",
        "crm.api.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["crm.api.permissions.HasNamedPermission"],
    "DEFAULT_PAGINATION_CLASS": "crm.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["crm.api.filters.StrictFilterBackend"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "crm.api.schema.ProblemAwareSchema",
    "EXCEPTION_HANDLER": "crm.api.problems.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    # No parameter chooses a format: `?format=…` is refused as any other that is unknown.
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
# Per office credential, and per network address that asks for tokens.
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=1200)
API_TOKENS_PER_MINUTE = env.int("API_TOKENS_PER_MINUTE", default=30)
# Calendar programs, per network address: a whole office may read from one.
FEED_READS_PER_MINUTE = env.int("FEED_READS_PER_MINUTE", default=60)
# Hosts ("name" or "name:port") that webhooks may reach although they stand inside our own network, also without https.
# A sandbox reaches no other hosts at all than those in SANDBOX_WEBHOOK_HOSTS.
WEBHOOK_ALLOWED_HOSTS = env.list("SANDBOX_WEBHOOK_HOSTS", default=[]) if SANDBOX else env.list("WEBHOOK_ALLOWED_HOSTS", default=[])
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Nhịp Cầu API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "How programs of the offices read and write what their people see on the pages, by the same rules and rights.",
    "CONTACT": {"name": "The administrator of this site"},
    "LICENSE": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    "PATH_CONVERTER_OVERRIDES": {"any": str},
    "SERVERS": [{"url": "/", "description": "This site"}],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "WEBHOOKS": [f"crm.api.webhooks.{name}" for name in ("RECORD_CHANGED", "RECORD_REMOVED", "SYNC_REQUIRED", "WEBHOOK_TEST")],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "crm.api.schema.complete_description"],
    "ENUM_NAME_OVERRIDES": {
        "Language": "crm.choices.Language",
        "CountryKind": "crm.models.places.CountryKind",
        "ProblemCode": "crm.api.problems.CODES",
        "Confidentiality": "crm.choices.Confidentiality",
        "PartnerStatus": "partners.choices.PartnerStatus",
        "ExchangeStatus": "activities.choices.ExchangeStatus",
        "ExchangeLevel": "activities.api.exchange_bodies.LEVELS",
        "CoverageStatus": "reports.choices.CoverageStatus",
        "AgreementLevel": "activities.choices.AgreementLevel",
        "AgreementState": "activities.choices.AgreementState",
        "CommitmentState": "activities.choices.CommitmentState",
        "FollowUpState": "activities.choices.FollowUpState",
        "Side": "activities.choices.Side",
    },
}

# --- Messages to people and to the log -------------------------------------------------------------

# No mail leaves a sandbox: each message becomes a file.
_TO_FILES = {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": str(VAR_DIR / "mail")}
EMAIL_CONFIG = _TO_FILES if SANDBOX else env.email_url("EMAIL_URL", default="consolemail://")
globals().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="nhip-cau@localhost")
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=20)
# Where the site is reached, for links in messages that go out.
SITE_URL = (_own("SITE_URL") or "http://127.0.0.1:8000").rstrip("/")

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # These write tokens, or whole addresses of receivers, into the log when they are asked for every detail, so they are not.
    "loggers": {"oauthlib": {"level": "INFO"}, "oauth2_provider": {"level": "INFO"}, "httpx": {"level": "WARNING"}},
}
