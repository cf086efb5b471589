"""Every setting, read once from the environment; a wrong value stops the start in words."""

import os
import sys
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from console import logs, menu
from console.embedded import places
from segments.lake import places as lake_places

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()
if (ROOT / ".env").exists():
    env.read_env(ROOT / ".env")

# --- where things are -------------------------------------------------------
HOME_DIR = places.home()  # everything written at run time is below it
LAKE_PATH = HOME_DIR / "lake"  # the lake, or what is spilled when LAKE_URL names another place
COPIES_PATH = HOME_DIR / "copies"  # of what the database keeps, mapped into memory
BYTES_KEPT = env.int("MEMORY_KEPT", default=128) << 20  # of sets, by each process, in MB
COPIES_BYTES = env.int("COPIES_KEPT", default=8192) << 20  # of this host's files, in MB
JOURNALS_PATH = HOME_DIR / "journals"  # of senders
UPLOADS_PATH = HOME_DIR / "uploads"
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{env.int('PORT', default=8000)}")
SHORT_URL = env.str("SHORT_URL", default=PUBLIC_URL.rstrip("/") + "/s")  # in short messages
BIND = env.str("BIND", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
MAILBOX_PORT = env.int("MAILBOX_PORT", default=PORT + 1)
PHONE_PORT = env.int("PHONE_PORT", default=MAILBOX_PORT + 1)  # where short messages arrive
WORKERS = env.int("WORKERS", default=0)  # processes that work in the background; 0: one a core

_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured(
        f"PUBLIC_URL is “{PUBLIC_URL}”; write the whole address, such as https://console.example.com"
    )

# --- security ---------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or places.secret_key(HOME_DIR)
# Names and addresses are sealed with it in the database; empty: they are kept in plain.
CONTACT_KEY = env.str("CONTACT_KEY", default="")
CONTACT_KEYS_OLD = env.list("CONTACT_KEYS_OLD", default=[])  # to read what earlier keys sealed
ALLOWED_HOSTS = sorted(
    {
        _public.hostname,
        urlsplit(SHORT_URL).hostname or "localhost",
        "127.0.0.1",
        "localhost",
        "[::1]",
    }
)
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
_https = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # the mailbox alone shows a frame, and says so itself
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)

if any(len(key) < 32 for key in (CONTACT_KEY, *CONTACT_KEYS_OLD) if key):
    raise ImproperlyConfigured(
        "CONTACT_KEY is too short; make one of at least 32 characters, such as by "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    )

# --- the house --------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the other one would put its own site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "console",
    "segments",
    "campaigns",
    "metrics",
    "console.apps.ConsoleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "console.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "console.middleware.acting",
    "console.middleware.reading",
    "console.middleware.typed",
    "console.middleware.in_project_time",
    "console.middleware.in_words",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "console.Staff"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [  # the first makes new ones: it costs an attacker memory, and us less time
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 10  # the default of 3 locks out people who merely mistype
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- data -------------------------------------------------------------------
EMBEDDED_POSTGRES = not env.str("DATABASE_URL", default="")
EMBEDDED_VALKEY = not env.str("REDIS_URL", default="")
EMBEDDED_MAILBOX = not env.str("EMAIL_URL", default="")
DATABASES = {
    "default": {
        **env.db_url_config(env.str("DATABASE_URL", default="") or places.database_url(HOME_DIR)),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgres://…")
REDIS_URL = env.str("REDIS_URL", default="") or places.redis_url(HOME_DIR)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # What one process leaves for another, such as a worker's preview. Never cleared: beside it
    # lies the queue.
    "shared": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "shared",
    },
}
EMAIL_URL = env.str("EMAIL_URL", default="") or f"smtp://127.0.0.1:{MAILBOX_PORT}"
vars().update(env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 30
# Where mails come back to: a mailbox of the console's own, which is read and emptied.
BOUNCES_URL = env.str("BOUNCES_URL", default="")
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
if BOUNCES_URL and urlsplit(BOUNCES_URL).scheme not in {"pop3", "pop3s", "pop3+tls"}:
    raise ImproperlyConfigured("BOUNCES_URL names a mailbox: pop3s://user:password@host")
if BOUNCES_URL and "@" not in BOUNCE_ADDRESS:
    raise ImproperlyConfigured(
        "BOUNCE_ADDRESS is the mailbox's address, such as bounces+{}@example.com"
    )
# Where colleagues write requests to other teams as a mail; read and emptied likewise.
REQUESTS_URL = env.str("REQUESTS_URL", default="")
if REQUESTS_URL and urlsplit(REQUESTS_URL).scheme not in {"pop3", "pop3s", "pop3+tls"}:
    raise ImproperlyConfigured("REQUESTS_URL names a mailbox: pop3s://user:password@host")
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", default="console@localhost")

# Private networks that accounts with providers may lead to; the local phone is in the first.
_local = ["127.0.0.0/8", "::1/128"] if EMBEDDED_MAILBOX else []
try:
    PRIVATE_NETWORKS = [ip_network(one) for one in env.list("PRIVATE_NETWORKS", default=_local)]
except ValueError as problem:
    raise ImproperlyConfigured(f"PRIVATE_NETWORKS: {problem}") from problem

# The events: where they lie, unless it is LAKE_PATH, and what answers questions to them.
try:
    _lake = lake_places.lake(env.str("LAKE_URL", default=""), LAKE_PATH, os.environ)
    ENGINE = lake_places.engine(env.str("ENGINE_URL", default=""))
except ValueError as problem:
    raise ImproperlyConfigured(str(problem)) from problem
LAKE_ELSEWHERE = _lake if _lake.url != str(LAKE_PATH) else None

# --- work in the background -------------------------------------------------
CELERY_BROKER_URL = places.broker_url(REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
# Always below visibility_timeout: a task that outlives it would run twice.
CELERY_TASK_TIME_LIMIT = 1500
CELERY_TASK_SOFT_TIME_LIMIT = 1440
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    # The work of a killed worker comes back within 15 s instead of 100.
    "unacked_restore_interval": 15,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"

# --- words and numbers ------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
LANGUAGE_CODE = "zh-hans"
FORMAT_MODULE_PATH = "console.formats"  # dates as 2026-11-11 in every language
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "locale"]

# --- files ------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = HOME_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or "pytest" in sys.modules
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20  # larger uploads go to disk at once
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 << 20

# --- the API ----------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["console.rest.ByRole"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "console.rest.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": [
        "console.bodies.Json",
        "console.bodies.Form",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "console.refusals.in_words",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lifecycle operations console",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "RequestKindEnum": "console.models.TeamRequest.Kind",
        "RequestStatusEnum": "console.models.TeamRequest.Status",
        "SlipCauseEnum": "console.models.RequestSlip.Cause",
        "GrainEnum": "metrics.models.period.Grain.choices",
        "MovementKindEnum": "console.models.BudgetEntry.Kind",
        "ApprovalStatusEnum": "console.models.Approval.Status",
        "UrgentCauseEnum": "console.models.TeamRequest.Cause",
        "WorkStatusEnum": "console.models.WorkItem.Status",
        "MeetingStatusEnum": "console.models.Meeting.Status",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# --- how it looks and what it says ------------------------------------------
UNFOLD = {
    "SITE_TITLE": _("User operations console"),
    "SITE_HEADER": _("User operations console"),
    "SITE_SUBHEADER": "console.site.subheader",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "console.site.icon"}],
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,  # the audit log tells it whole
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "console.site.pinned_today",
    "DASHBOARD_CALLBACK": "console.dashboard.home.context",
    "STYLES": ["console.site.stylesheet"],
    "SCRIPTS": ["console.site.script"],
    "SIDEBAR": {"show_search": False},  # what is in it, ConsoleSite says
    "COLORS": menu.COLORS,
}
LOGGING = logs.config(HOME_DIR)
