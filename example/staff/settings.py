"""
Django settings for the Staff Calibration App.

What differs between machines comes from the environment, without a fallback:
if a variable is missing or empty, the app refuses to start and names it.

https://docs.djangoproject.com/en/5.2/topics/settings/
"""

from pathlib import Path

from environs import env, validate

# Build paths inside the project like this: BASE_DIR / 'subdir'.
BASE_DIR = Path(__file__).resolve().parent.parent

# Your own machine keeps the variables in .env; Heroku has config vars instead.
env.read_env(BASE_DIR / ".env")
NOT_EMPTY = validate.Length(min=1)


# SECURITY WARNING: keep the secret key used in production secret!
SECRET_KEY = env.str("SECRET_KEY", validate=NOT_EMPTY)

# Earlier keys, while a new one takes over: what they signed stays valid.
# https://docs.djangoproject.com/en/5.2/ref/settings/#secret-key-fallbacks
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# SECURITY WARNING: don't run with debug turned on in production!
DEBUG = env.bool("DEBUG", default=False)

# Hosts
# https://docs.djangoproject.com/en/5.2/ref/settings/#allowed-hosts
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", validate=NOT_EMPTY)

# HTTPS: gunicorn.conf.py tells Django which requests came over TLS.
# https://docs.djangoproject.com/en/5.2/topics/security/#ssl-https
SECURE_SSL_REDIRECT = not DEBUG
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG

# A year, the least that browsers' preload lists accept. A domain of your own begins with
# less: browsers remember it.
# https://hstspreload.org/#deployment-recommendations
SECURE_HSTS_SECONDS = 0 if DEBUG else env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG


# Application definition

INSTALLED_APPS = [
    "measuring",
    "accounts",
    "instruments",
    "range_calibration",
    "staff_calibration",
    "staff.checks",
    "axes",
    "csp",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

# The request id comes first, so that all the others know it. WhiteNoise comes directly
# after SecurityMiddleware, so that static files are redirected to HTTPS too. Every view
# requires a log-in unless it says otherwise. axes comes last, to see every failed
# log-in.
MIDDLEWARE = [
    "staff.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "staff.middleware.permissions_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "staff.urls"

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

WSGI_APPLICATION = "staff.wsgi.application"


# Database
# https://docs.djangoproject.com/en/5.2/ref/settings/#databases

DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_health_checks=True)}

# Heroku Postgres requires TLS and limits the connections of a plan. Each worker
# opens DATABASE_POOL_SIZE of them at most, and a deploy runs two dynos at once:
# 2 dynos x 2 workers x 4 = 16, under the 20 of the smallest plan.
# https://docs.djangoproject.com/en/5.2/ref/databases/#postgresql-connection-pools
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["OPTIONS"] = {
        "sslmode": "require",
        "pool": {
            "min_size": 1,
            "max_size": env.int("DATABASE_POOL_SIZE", validate=validate.Range(min=1)),
            # While the database is unavailable, answer soon; when it is back, notice
            # soon. Otherwise the pool tries less and less often, and then gives up.
            "timeout": 5,
            "reconnect_timeout": 5,
        },
        **DATABASES["default"].get("OPTIONS", {}),
    }


# Password validation
# https://docs.djangoproject.com/en/5.2/ref/settings/#auth-password-validators

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
    },
    {
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
    },
    {
        "NAME": "django.contrib.auth.password_validation.NumericPasswordValidator",
    },
]

# Users sign in with their e-mail address.
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

# django-axes counts the failed log-ins of an account, from any client. It does not count
# those of a client's address (W006), which an office or a CDN shares. The lock is short,
# because anyone can lock any account, and a new password ends it.
# https://django-axes.readthedocs.io/en/latest/4_configuration.html
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_USERNAME_FORM_FIELD = "username"  # The form's name for the e-mail address.
AXES_USERNAME_CALLABLE = "accounts.lockout.username"
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.client_address"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = ["axes.W006"]

# What a page of this app may load: its own files, and nothing inline.
# https://django-csp.readthedocs.io/en/latest/configuration.html
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}

# A form takes one small text file. Of anything larger, little is kept in memory and
# nothing on the disk.
# https://docs.djangoproject.com/en/5.2/ref/files/uploads/#custom-upload-handlers
FILE_UPLOAD_HANDLERS = ["measuring.uploads.SmallFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1


# Internationalization
# https://docs.djangoproject.com/en/5.2/topics/i18n/

LANGUAGE_CODE = "en-gb"

TIME_ZONE = "Australia/Perth"

USE_I18N = True

USE_TZ = True


# Static files (CSS, JavaScript, Images)
# https://docs.djangoproject.com/en/5.2/howto/static-files/

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "assets"]

# Both keys are needed: a STORAGES without "default" breaks the first upload.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# Default primary key field type
# https://docs.djangoproject.com/en/5.2/ref/settings/#default-auto-field

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Logging: without DEBUG, Django writes no error to the console unless told to.
# https://docs.djangoproject.com/en/5.2/topics/logging/

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "staff.middleware.RequestIdFilter"}},
    "formatters": {
        "line": {
            "format": "level=%(levelname)s logger=%(name)s request_id=%(request_id)s "
            "%(message)s"
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Four lines for each log-in, and a hundred for each PDF, are too many.
        "axes": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}

# E-mail
# https://docs.djangoproject.com/en/5.2/topics/email/

EMAIL_BACKEND = env.str("EMAIL_BACKEND", validate=NOT_EMPTY)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", validate=NOT_EMPTY)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_PORT = 587
EMAIL_USE_TLS = True
# Well under the 30 seconds that Heroku's router waits for an answer.
EMAIL_TIMEOUT = 10

# Only a mail server needs an account.
if EMAIL_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
    EMAIL_HOST = env.str("EMAIL_HOST", validate=NOT_EMPTY)
    EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", validate=NOT_EMPTY)
    EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", validate=NOT_EMPTY)
