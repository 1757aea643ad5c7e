"""Settings of the beekeepers' site: what is merged into those of startproject."""

import os

from dotenv import load_dotenv

load_dotenv()

INSTALLED_APPS = [
    "hives",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

WSGI_APPLICATION = "mysite.wsgi.application"

SECRET_KEY = os.environ["SECRET_KEY"]

TIME_ZONE = "Europe/London"

# Connections are kept for ten minutes.
DATABASES["default"]["CONN_MAX_AGE"] = 600

SITE_NAME = os.environ["SITE_NAME"]
