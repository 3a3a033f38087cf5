"""Django settings, read from the environment. docs/operations.md explains each name."""

from __future__ import annotations

import contextlib
import os
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import dj_database_url

from hwbpweb.static_version import static_version

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in ("1", "true", "yes")


def _list(name: str, default: str = "") -> list[str]:
    return [v.strip() for v in os.environ.get(name, default).split(",") if v.strip()]


def _kept_secret(path: Path) -> str:
    """The key in the data folder; made once. Two processes that race read one key."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


DATA_DIR = Path(os.environ.get("HWBPWEB_DATA") or BASE_DIR / "data").resolve()
DEBUG = _flag("DEBUG")
SECRET_KEY = os.environ.get("SECRET_KEY") or _kept_secret(DATA_DIR / "secret_key")
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")

# --- Applications

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "sessions_app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "hwbpweb.middleware.content_security_policy",
    "hwbpweb.middleware.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: it calls the view, so that no process_view after it would be asked.
    "sessions_app.moved_chunks.MovedChunks",
]

ROOT_URLCONF = "hwbpweb.urls"
WSGI_APPLICATION = "hwbpweb.wsgi.application"
ASGI_APPLICATION = "hwbpweb.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
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

# --- Database: the truth about every run

DATABASE_URL = os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'db.sqlite3'}"
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Several processes write chunks: wait for the lock instead of failing at once.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: broker, live tails, state changes. Nothing durable.

REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/0"


def channel_layers(url: str) -> dict[str, Any]:
    """socket_timeout: redis-py 8 defaults to 5 s, which closes idle websockets."""
    host = {"address": url, "socket_timeout": None}
    return {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [host], "capacity": 1000, "expiry": 30},
        }
    }


def celery_url(url: str) -> str:
    """The broker's spelling of a Redis URL; a unix socket has its own scheme there."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    number = query.removeprefix("db=") or "0"
    return f"redis+socket://{path}?virtual_host={number}"


CHANNEL_LAYERS = channel_layers(REDIS_URL)

CELERY_BROKER_URL = celery_url(REDIS_URL)
CELERY_RESULT_BACKEND = celery_url(REDIS_URL)
CELERY_RESULT_EXPIRES = 300
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_TASK_ROUTES = {
    "runs.*": {"queue": "runs"},
    "quick.*": {"queue": "quick"},
    "notices.*": {"queue": "notices"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000  # KiB
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Longer than the longest run: redelivery is not how a dead worker is found, leases are.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 86400,
    "socket_timeout": None,
    "health_check_interval": 15,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS
CELERY_TIMEZONE = "UTC"

#: Where blocks of chunks are; empty: in the database.
CHUNK_DIR = os.environ.get("HWBPWEB_CHUNK_DIR") or ""

# --- How long things are kept (docs/operations.md); 0: for ever, without a limit

#: Days after which the trace of a run that nobody pinned, annotated or shared may go.
KEEP_DAYS = float(os.environ.get("HWBPWEB_KEEP_DAYS") or 0)
#: Bytes of all traces; beyond it the oldest of those go.
KEEP_BYTES = int(os.environ.get("HWBPWEB_KEEP_BYTES") or 0)
#: Days in which a deletion can be undone.
UNDO_DAYS = float(os.environ.get("HWBPWEB_UNDO_DAYS") or 7)

# --- What one person may have at once (docs/operations.md); 0: no limit

#: Runs that wait or go on.
MAX_RUNS = int(os.environ.get("HWBPWEB_MAX_RUNS") or 100)
#: Bytes of traces and programs.
MAX_BYTES = int(os.environ.get("HWBPWEB_MAX_BYTES") or 20 << 30)
#: Minutes that a paused run holds a worker, ...
HOLD_MINUTES = float(os.environ.get("HWBPWEB_HOLD_MINUTES") or 5)
#: ... while other runs wait for one, ...
HOLD_WAITED_MINUTES = float(os.environ.get("HWBPWEB_HOLD_WAITED_MINUTES") or 1)
#: ... and one that a debugger holds without a word.
HOLD_DEBUGGER_MINUTES = float(os.environ.get("HWBPWEB_HOLD_DEBUGGER_MINUTES") or 30)
#: Days until a parked run that nobody resumes is cancelled.
PARKED_DAYS = float(os.environ.get("HWBPWEB_PARKED_DAYS") or 30)

# --- Runs

#: A worker renews its lease each LEASE_RENEW seconds; after LEASE_TTL another may take it.
LEASE_RENEW = 1.0
LEASE_TTL = 5.0
MAX_ATTEMPTS = 3
#: Whether an owner may open a TCP port on the worker's loopback for a debugger.
DEBUG_PORTS = _flag("HWBPWEB_DEBUG_PORTS", default=True)

# --- API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "sessions_app.api.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "sessions_app.api.parsers.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "sessions_app.api.documented.AsDeclared",
    "EXCEPTION_HANDLER": "sessions_app.api.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "hwbpweb",
    "DESCRIPTION": "Emulated x86-64 targets with the Linux hardware-breakpoint model.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "ShareRoleEnum": [
            (role, role.title()) for role in ("viewer", "commenter", "controller")
        ],
        "TeamRoleEnum": "sessions_app.models.Membership.Role",
        "LinkStateEnum": [
            (each, each) for each in ("open", "revoked", "expired", "used up")
        ],
        "TokenScopeEnum": [
            (each, each.title()) for each in ("read", "write", "control")
        ],
        "VersionRoleEnum": [("buggy", "buggy"), ("fixed", "fixed")],
        "RunStateEnum": "sessions_app.models.Run.State",
        "ReviewStateEnum": "sessions_app.models.Review.State",
        "CheckStateEnum": ["pending", "success", "warning", "fail"],
        "VisibilityEnum": "sessions_app.models.Review.Visibility",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "sessions_app.api.documented.document_problems",
    ],
}

# --- Uploads: a program image or a patch; a bundle by a way of its own

MAX_UPLOAD = int(os.environ.get("HWBPWEB_MAX_UPLOAD") or 16 << 20)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_UPLOAD
#: A run of another installation. It passes through Redis: mind its maxmemory.
MAX_BUNDLE = int(os.environ.get("HWBPWEB_MAX_BUNDLE") or 128 << 20)
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

# --- People

#: Whether everybody may make an account; by invitation people always can.
SIGN_UP = _flag("HWBPWEB_SIGN_UP")
#: Where mail goes: to the terminal, unless a server is named.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_HOST = os.environ.get("HWBPWEB_MAIL_HOST") or ""
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_FROM_EMAIL = os.environ.get("HWBPWEB_MAIL_FROM") or "hwbpweb@localhost"
EMAIL_TIMEOUT = 20
#: Where people reach this server, without a slash at the end: for links in what is sent.
SITE_URL = (os.environ.get("HWBPWEB_URL") or "http://127.0.0.1:8000").rstrip("/")
#: Networks that webhooks may reach though they are not public, e.g. 10.1.0.0/16.
WEBHOOK_NETWORKS = [str(ip_network(n)) for n in _list("HWBPWEB_WEBHOOK_NETWORKS")]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Static files: from the source folders, so that nothing is collected before the start

STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = os.environ.get("STATIC_ROOT") or None  # for a server that collects them
#: Files that are being worked on keep their address, and are asked for each time.
_KEPT_FOR_GOOD = not DEBUG and "STATIC_URL" not in os.environ
STATIC_URL = os.environ.get("STATIC_URL") or (
    f"/static/{static_version(BASE_DIR / 'static', BASE_DIR / 'requirements.txt')}/"
    if _KEPT_FOR_GOOD
    else "/static/"
)
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0
if _KEPT_FOR_GOOD:
    WHITENOISE_IMMUTABLE_FILE_TEST = "."  # every address has the version in it

# --- Security. HWBPWEB_HTTPS=1 behind a proxy that speaks TLS.

HTTPS = _flag("HWBPWEB_HTTPS")
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- Language, time, logs

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": os.environ.get("HWBPWEB_LOG_LEVEL") or "INFO",
    },
}
