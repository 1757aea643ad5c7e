"""staff/checks.py in other people's projects: it speaks of each fault, and only of it.

Each project is made in a folder of its own, and `manage.py check --deploy` runs there.
"""

import ast
import os
import re
import shutil
import subprocess
import sys

import pytest

from docs._extensions.facts import FACTS
from rehearsal.heroku.inspection import (
    EARLIER_LANGUAGES,
    LATEST_PATCHES,
    MISSPELT,
    PACKAGE_MANAGERS,
)
from staff import checks
from tests.conftest import ROOT
from tests.support import buildpack_rules
from tests.support.buildpack_rules import RULES
from tests.support.environment import PRODUCTION
from tests.support.management import Manager

EXAMPLE = ROOT / "example"
FILE = EXAMPLE / "staff" / "checks.py"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if "DJANGO" not in name},
    "SECRET_KEY": PRODUCTION["SECRET_KEY"],
    "PYTHONDONTWRITEBYTECODE": "1",
}

# What startproject writes, changed as the guide teaches.
SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = [".herokuapp.com"]
INSTALLED_APPS = [
    "mysite.checks",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]
ROOT_URLCONF = "mysite.urls"
WSGI_APPLICATION = "mysite.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "db.test"}}
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
EMAIL_HOST = "mail.test"
EMAIL_TIMEOUT = 10
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"]},
}
"""
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
execute_from_command_line(sys.argv)
"""
SERVER = """
import os
from django.core.{kind} import get_{kind}_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
application = get_{kind}_application()
"""
GOOD = {
    "manage.py": MANAGE,
    "mysite/__init__.py": "",
    "mysite/asgi.py": SERVER.format(kind="asgi"),
    "mysite/checks.py": FILE.read_text(),
    "mysite/settings.py": SETTINGS,
    "mysite/urls.py": "urlpatterns = []\n",
    "mysite/wsgi.py": SERVER.format(kind="wsgi"),
    "Procfile": "release: python manage.py migrate\nweb: gunicorn mysite.wsgi\n",
    ".python-version": "# the version\n3.13\n",
    "requirements.txt": "Django~=5.2\nGunicorn>=27\npsycopg[binary]\nwhitenoise~=6\n",
}


def write(folder, files):
    """Write {path: content}; None leaves a file out, and / at the end is a folder."""
    files = {name: content for name, content in files.items() if content is not None}
    buildpack_rules.write(folder, files)


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def manage(folder, *arguments, **variables):
    """Return standard output and error of manage.py in a project of its own."""
    result = subprocess.run(
        [sys.executable, folder / "manage.py", *arguments],
        cwd=folder,
        env=ENVIRONMENT | variables,
        capture_output=True,
        text=True,
    )
    return result.stdout + result.stderr


def moved(folder, files):
    """Return the project's files moved to a folder; some of them stay at the top."""
    stay = {"Procfile", ".python-version", "requirements.txt"} & files
    return {
        **{f"{folder}/{name}": text for name, text in GOOD.items() if name not in stay},
        **{name: None if name not in stay else GOOD[name] for name in GOOD},
    }


def requires(*lines):
    return {"requirements.txt": "\n".join(["Django", "psycopg", "whitenoise", *lines])}


def procfile(command, *lines, release="release: python manage.py migrate"):
    return {"Procfile": "\n".join([f"web: {command}", release, ""]), **requires(*lines)}


TOP = {"Procfile", ".python-version", "requirements.txt"}
UVICORN = "uvicorn mysite.asgi:application --host 0.0.0.0 --port $PORT"
DAPHNE = "daphne mysite.asgi:application -b 0.0.0.0 -p $PORT"
UPLOADS = {
    "papers/__init__.py": "",
    "papers/models.py": "from django.db.models import BigAutoField, FileField, Model\n"
    "class Paper(Model):\n    id = BigAutoField(primary_key=True)\n"
    "    document = FileField()\n",
}
PAPERS = "INSTALLED_APPS += ['papers']\n"
FILES = "django.core.files.storage.FileSystemStorage"
NOTES = {
    "notes/__init__.py": "",
    "notes/models.py": "from django.db.models import BigAutoField, Model\n"
    "class Note(Model):\n    id = BigAutoField(primary_key=True)\n",
    "notes/migrations/__init__.py": "",
    "notes/migrations/0001_initial.py": "from django.db import migrations, models\n"
    "class Migration(migrations.Migration):\n    initial = True\n    operations = [\n"
    "        migrations.CreateModel('Note', [\n"
    "            ('id', models.BigAutoField(primary_key=True, serialize=False))])]\n",
}
TEMPLATES = {
    "mysite/urls.py": "from django.urls import path\n"
    "urlpatterns = [path('<int:n>/', print, name='paper')]\n",
    "mysite/static/a.css": "",
}
STATIC_SETTINGS = "STATICFILES_DIRS = [BASE_DIR / 'mysite' / 'static']\n"
TEMPLATE_SETTINGS = (
    STATIC_SETTINGS
    + "TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', "
    "'DIRS': [BASE_DIR / 'mysite' / 'templates']}]\n"
)
SMTP = "EMAIL_BACKEND = 'django.core.mail.backends.smtp.EmailBackend'\n"

# What is unusual, and right: files, lines of settings, and nothing to say.
SOUND = {
    "a project of the guide": ({}, ""),
    "manage.py one folder down": (
        {
            **moved("backend", TOP),
            "Procfile": "web: gunicorn --chdir backend mysite.wsgi\n"
            "release: python backend/manage.py migrate\n",
        },
        "",
    ),
    "manage.py two folders down": (
        {**moved("src/backend", TOP), **procfile("bash start.sh")},
        "",
    ),
    "BASE_DIR one level too low": ({}, "BASE_DIR = BASE_DIR / 'mysite'\n"),
    "a container": (
        {
            **dict.fromkeys(TOP),
            "heroku.yml": "build:\n  docker:\n    web: Dockerfile\n",
            "package.json": "{}",
        },
        "",
    ),
    "uWSGI with its ini file": (procfile("uwsgi ./etc/uwsgi.ini", "uwsgi"), ""),
    "a script that starts all": (procfile("bash start.sh"), ""),
    "nginx in front": (
        procfile("bin/start-nginx gunicorn --bind unix:/tmp/s mysite.wsgi", "gunicorn"),
        "",
    ),
    "gunicorn's application in its file": (
        {
            **procfile("gunicorn", "gunicorn"),
            "gunicorn.conf.py": "wsgi_app = 'mysite.wsgi'\nbind = 'unix:/tmp/s'\n",
        },
        "",
    ),
    "gunicorn on the port by its file": (
        {
            **procfile("gunicorn -c deploy.py mysite.wsgi", "gunicorn"),
            "deploy.py": "import os\nbind = f\"0.0.0.0:{os.environ['PORT']}\"\n",
        },
        "",
    ),
    "gunicorn told its port": (
        procfile(
            "gunicorn -b '[::]:${PORT:-8000}' mysite.wsgi:application", "gunicorn"
        ),
        "",
    ),
    "waitress": (
        procfile("waitress-serve --port=$PORT mysite.wsgi:application", "waitress"),
        "",
    ),
    "daphne of channels": (procfile(DAPHNE, "channels[daphne]"), ""),
    "uvicorn": (procfile(UVICORN, "uvicorn[standard]"), ""),
    "uvicorn's worker brings both": (
        procfile(
            "gunicorn -k uvicorn_worker.UvicornWorker mysite.asgi", "uvicorn-worker"
        ),
        "",
    ),
    "the web line migrates": (
        procfile(
            "python manage.py migrate && gunicorn mysite.wsgi", "gunicorn", release=""
        ),
        "",
    ),
    "bin/post_compile migrates": (
        {
            **procfile("gunicorn mysite.wsgi", "gunicorn", release=""),
            "bin/post_compile": "#!/bin/sh\npython manage.py migrate\n",
        },
        "",
    ),
    "a script migrates": (
        {
            **procfile("bash start.sh", release=""),
            "start.sh": "python manage.py migrate && exec gunicorn mysite.wsgi\n",
        },
        "",
    ),
    "python/version.txt": ({"python/version.txt": "", "PythonVersion.txt": ""}, ""),
    "no model, so nothing to migrate and no database": (
        procfile("gunicorn mysite.wsgi", "gunicorn", release=""),
        "INSTALLED_APPS = ['mysite.checks', 'django.contrib.staticfiles']\n"
        "DATABASES = {}\n",
    ),
    "no field for uploads, so no storage for them": ({}, "del STORAGES['default']\n"),
    "no static files": (
        {},
        "INSTALLED_APPS.remove('django.contrib.staticfiles')\n"
        "del MIDDLEWARE[1], STORAGES['staticfiles'], STATIC_ROOT\n",
    ),
    "uploads in another storage": (UPLOADS, PAPERS),
    "a field with a storage of its own": (
        {
            **UPLOADS,
            "papers/models.py": UPLOADS["papers/models.py"].replace(
                "FileField()",
                "FileField(storage=__import__('django.core.files.storage').core.files."
                "storage.InMemoryStorage())",
            ),
        },
        PAPERS + f"STORAGES['default'] = {{'BACKEND': '{FILES}'}}\n",
    ),
    "a handler that prints in its own way": (
        {
            "mysite/handlers.py": "import logging, sys\n"
            "class Handler(logging.Handler):\n"
            "    def emit(self, record): print(self.format(record))\n"
        },
        "LOGGING['handlers']['console']['class'] = 'mysite.handlers.Handler'\n",
    ),
    "a file that is the console": (
        {},
        "LOGGING['handlers']['console'] = "
        "{'class': 'logging.FileHandler', 'filename': '/dev/stdout'}\n",
    ),
    "an empty branch's key": (
        {},
        "if DEBUG:\n    SECRET_KEY = 'only-on-my-machine'\n",
    ),
    "packages that bring others": (
        {"requirements.txt": "django-axes\ngunicorn\npsycopg2-binary\nwhitenoise"},
        "",
    ),
    "packages in an included file": (
        {
            "requirements.txt": "-r requirements/production.txt\n",
            "requirements/production.txt": "--requirement=base.txt\ngunicorn\\\n==27\n",
            "requirements/base.txt": "django\npsycopg\nwhitenoise # files\n",
        },
        "",
    ),
    "packages in the project's own setup file": ({"requirements.txt": "-e .\n"}, ""),
    "packages that another server lists": (
        {"requirements.txt": "-r https://packages.test/requirements.txt\n"},
        "",
    ),
    "a package for Windows alone": (
        requires("gunicorn", "pywin32; sys_platform == 'win32'"),
        "",
    ),
    "a buildpack that is chosen": (
        {
            "package.json": "{}",
            "app.json": '{"buildpacks": [{"url": "heroku/python"}]}',
        },
        "",
    ),
    "Pipenv, with the version in its lock": (
        {
            **dict.fromkeys(["requirements.txt", ".python-version"]),
            "Pipfile": "",
            "Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.13"}}}',
        },
        "",
    ),
    "settings in a package": (
        {
            "manage.py": MANAGE.replace("settings", "settings.production", 1),
            "mysite/settings.py": None,
            "mysite/settings/__init__.py": "",
            "mysite/settings/base.py": SETTINGS,
            "mysite/settings/production.py": "from .base import *\n",
        },
        "",
    ),
    "settings in Latin-1": (
        {
            "mysite/base.py": "# coding: latin-1\n# für uns\nimport os\n"
            "SECRET_KEY = os.environ['SECRET_KEY']\n".encode("latin-1")
        },
        "from mysite.base import *\n",
    ),
    "several hosts": (
        {},
        "ALLOWED_HOSTS = ['localhost', '[::1]', 'app-1234567890ab.herokuapp.com', '*']",
    ),
    "the database of a laptop, by its variable": (
        {},
        "DATABASES['default']['HOST'] = os.environ.get('PGHOST', 'localhost')\n",
    ),
    "CORS above WhiteNoise": (
        {
            "corsheaders/__init__.py": "",
            "corsheaders/middleware.py": "def CorsMiddleware(get): return get\n",
        },
        "MIDDLEWARE.insert(1, 'corsheaders.middleware.CorsMiddleware')\n",
    ),
    "no settings of e-mail, as with Django 6.1's MAILERS": (
        {},
        "del EMAIL_HOST\nEMAIL_TIMEOUT = 'ten'\n" + SMTP,
    ),
    "a silent mail server, and patience for less than the router": (
        {},
        SMTP + "EMAIL_TIMEOUT = 29\n",
    ),
    "a message that nobody sends": (
        {},
        "EMAIL_BACKEND = 'django.core.mail.backends.console.EmailBackend'\n"
        "EMAIL_HOST = 'localhost'\n",
    ),
    "a proxy that gunicorn's file trusts": (
        {
            **procfile("gunicorn mysite.wsgi", "gunicorn"),
            "gunicorn.conf.py": "forwarded_allow_ips = '*'\n",
        },
        "SECURE_SSL_REDIRECT = True\n",
    ),
    "a proxy that Django trusts": (
        procfile("gunicorn --forwarded-allow-ips=10.0.0.1 mysite.wsgi", "gunicorn"),
        "SECURE_SSL_REDIRECT = True\n"
        "SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')\n",
    ),
    "a key that the settings miss themselves": (
        {},
        "SECRET_KEY = os.environ.get('SECRET_KEY')\n"
        "if not SECRET_KEY:\n    raise SystemExit('set SECRET_KEY')\n",
    ),
    "a pool for the smallest plan": (
        {},
        "DATABASES['default']['OPTIONS'] = {'pool': {'max_size': 5}}\n",
    ),
    "a pool that is large, for one worker": (
        procfile("gunicorn --workers 1 mysite.wsgi", "gunicorn"),
        "DATABASES['default']['OPTIONS'] = {'pool': {'min_size': 10}}\n",
    ),
    "models that are migrated, and a package's that are not": (
        {
            **NOTES,
            "site-packages/theirs/__init__.py": "",
            "site-packages/theirs/models.py": NOTES["notes/models.py"],
            "site-packages/theirs/migrations/__init__.py": "",
        },
        "INSTALLED_APPS += ['notes', 'theirs']\n"
        "import sys; sys.path.append(str(BASE_DIR / 'site-packages'))\n",
    ),
    "templates with files and pages that exist, or that nobody knows yet": (
        {
            **TEMPLATES,
            "mysite/templates/page.html": "{% load static %}{% static 'a.css' %}"
            "{% static 'a.css?v=1' %}{% static '' %}{% static 'js/' %}{% static any %}"
            "{% static 'a'|add:any %}{# {% static 'b' %} #}{% url 'paper' 1 %}"
            "{% url any %}{% url 'nowhere' as address %}"
            "{% comment %}{% url 'nowhere' %}{% endcomment %}",
            "mysite/templates/not-django.txt": "{% nothing %}{% url 'nowhere' %}",
            "mysite/templates/picture.png": b"\xff",
            ".venv/theirs/page.html": "{% url 'nowhere' %}",
            ".gitignore": ".venv/\n",
        },
        TEMPLATE_SETTINGS + "TEMPLATES[0]['DIRS'] = [BASE_DIR]\n",
    ),
    "a style sheet that names what there is": (
        {
            "mysite/static/css/a.css": "@import 'b.css'; a { background: "
            "url(../a.svg#top) url(data:,) url(https://cdn.test/a) url(/media/a) }",
            "mysite/static/css/b.css": "",
            "mysite/static/a.svg": "",
            "mysite/static/.b.css": "a { background: url(nowhere.svg) }",
        },
        STATIC_SETTINGS,
    ),
    "a style sheet that nobody renames": (
        {
            "mysite/static/a.css": "a { background: url(nowhere.svg) }",
            "mysite/files.py": "from django.contrib.staticfiles.storage import *\n"
            "class Files(StaticFilesStorage): pass\n",
        },
        STATIC_SETTINGS + "STORAGES['staticfiles']['BACKEND'] = 'mysite.files.Files'\n",
    ),
    "a page that shows a hole, because its files are not looked up": (
        {"mysite/templates/page.html": "{% load static %}{% static 'nowhere' %}"},
        TEMPLATE_SETTINGS + "WHITENOISE_MANIFEST_STRICT = False\n",
    ),
}

# One fault each: ids, files, lines of settings.
FAULTS = {
    # Where the files are
    "all in backend/": ("E110", moved("backend", set()), ""),
    "all but another requirements.txt in backend/": (
        "E110",
        {**moved("backend", set()), "requirements.txt": "sphinx\n"},
        "",
    ),
    "a Procfile that git ignores": ("E010", {".gitignore": "Procfile\n"}, ""),
    "Procfile.txt": (
        "E010",
        {"Procfile": None, "Procfile.txt": GOOD["Procfile"]},
        "",
    ),
    "a folder named Procfile": ("E010", {"Procfile": None, "Procfile/": None}, ""),
    # Procfile
    "no Procfile": ("E010", {"Procfile": None}, ""),
    "no web line": ("E011", {"Procfile": "release: true\nworker: true\n"}, ""),
    "two release lines": (
        "E012",
        {"Procfile": GOOD["Procfile"] + "release: true\n"},
        "",
    ),
    "no release line": ("W015", {"Procfile": "web: gunicorn mysite.wsgi\n"}, ""),
    "a Procfile in UTF-16": (
        "E029",
        {"Procfile": GOOD["Procfile"].encode("utf-16")},
        "",
    ),
    "another project's module": (
        "E014",
        procfile("gunicorn locallibrary.wsgi", "gunicorn"),
        "",
    ),
    "a path in place of a module": (
        "E014",
        procfile("gunicorn mysite/wsgi.py", "gunicorn"),
        "",
    ),
    "a name that the module has not": (
        "E014",
        procfile("gunicorn mysite.wsgi:app", "gunicorn"),
        "",
    ),
    "a module that ends the program": (
        "E014",
        {"mysite/wsgi.py": "raise SystemExit('no')\n"},
        "",
    ),
    **{
        f"listens elsewhere: {command}": ("E016", procfile(command, *lines), "")
        for command, *lines in [
            ("gunicorn --bind 0.0.0.0:8000 mysite.wsgi", "gunicorn"),
            ("gunicorn -b 127.0.0.1:$PORT mysite.wsgi", "gunicorn"),
            ("gunicorn --bind=localhost:$PORT mysite.wsgi", "gunicorn"),
            ("uvicorn mysite.asgi:application", "uvicorn"),
            ("uvicorn mysite.asgi:application --host 0.0.0.0", "uvicorn"),
            ("uvicorn mysite.asgi:application --port $PORT", "uvicorn"),
            ("daphne mysite.asgi:application", "daphne"),
            ("granian --interface asgi mysite.asgi:application", "granian"),
            ("waitress-serve mysite.wsgi:application", "waitress"),
        ]
    },
    "listens elsewhere by gunicorn's file": (
        "E016",
        {
            **procfile("gunicorn mysite.wsgi", "gunicorn"),
            "gunicorn.conf.py": 'bind = "0.0.0.0:8000"\n',
        },
        "",
    ),
    # Packages
    **{
        f"requirements.txt without {name}": (
            "E031",
            {
                "requirements.txt": re.sub(
                    rf"(?mi)^{name}.*\n", "", GOOD["requirements.txt"]
                )
            },
            "",
        )
        for name in ["Django", "gunicorn", "psycopg", "whitenoise"]
    },
    "requirements.txt without the worker": (
        "E031",
        procfile("gunicorn -k uvicorn_worker.UvicornWorker mysite.asgi", "gunicorn"),
        "",
    ),
    "files that include each other": (
        "E033",
        {**requires("gunicorn", "-r b.txt"), "b.txt": "-r requirements.txt\n"},
        "",
    ),
    "a file included that is not there": ("E033", requires("gunicorn", "-r b.txt"), ""),
    **{
        f"requirements.txt with {line}": ("E037", requires("gunicorn", line), "")
        for line in [
            *("pywin32==306", "pkg-resources==0.0.0", "pkg_resources==0.0.0"),
            "ours @ file:///home/me/ours",
        ]
    },
    "requirements.txt in UTF-16": (
        "W038",
        {"requirements.txt": GOOD["requirements.txt"].encode("utf-16")},
        "",
    ),
    "requirements.txt with a byte order mark": (
        "W038",
        {"requirements.txt": GOOD["requirements.txt"].encode("utf-8-sig")},
        "",
    ),
    "requirements.txt in Latin-1": (
        "W039",
        {"requirements.txt": b"# f\xfcr uns\n" + GOOD["requirements.txt"].encode()},
        "",
    ),
    # Settings
    "a key in the settings": (
        "E040",
        {},
        "SECRET_KEY = 'abc'\n",
    ),
    "a key in the settings' base": (
        "E040",
        {"mysite/base.py": "SECRET_KEY = 'abc'\n"},
        "from mysite.base import *\n",
    ),
    **{
        f"a fallback: {value}": ("W044", {}, f"SECRET_KEY = {value}\n")
        for value in [
            "os.environ.get('SECRET_KEY', 'django-insecure-abc')",
            "os.environ.get('SECRET_KEY') or 'django-insecure-abc'",
            "(lambda name, default: os.environ[name])('SECRET_KEY', default='abc')",
        ]
    },
    **{
        f"no key is a key: {value}": ("W046", {}, f"SECRET_KEY = {value}\n")
        for value in ["os.environ.get('UNSET')", "os.getenv('SECRET_KEY')"]
    },
    "a module that is no file": (
        "W045",
        {
            "manage.py": "import sys, types\n"
            "module = types.ModuleType('live')\n"
            "exec(open('mysite/settings.py').read(), "
            "vars(module) | {'__file__': 'mysite/settings.py'}, vars(module))\n"
            "sys.modules['live'] = module\n"
            + MANAGE.replace("mysite.settings", "live"),
        },
        "",
    ),
    # Database
    "SQLite": (
        "W050",
        {},
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n",
    ),
    "no database": ("W051", {}, "DATABASES = {}\n"),
    "a database on the machine itself": (
        "W052",
        {},
        "DATABASES = {'default': DATABASES['default'] | {'HOST': 'localhost'}}\n",
    ),
    "SQLite with an option of PostgreSQL's": (
        "E053 W050",
        {},
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', "
        "'OPTIONS': {'sslmode': 'require'}}}\n",
    ),
    "a pool of connections that stay open": (
        "E054",
        {},
        "DATABASES['default'] |= {'CONN_MAX_AGE': 600, 'OPTIONS': {'pool': True}}\n",
    ),
    **{
        f"more connections than a small plan has: {command}": (
            "W055",
            {**procfile(command, "gunicorn"), "gunicorn.conf.py": "workers = 3\n"},
            f"DATABASES['default']['OPTIONS'] = {{'pool': {pool}}}\n",
        )
        for command, pool in [
            ("gunicorn -w 1 mysite.wsgi", {"max_size": 11}),
            ("gunicorn --workers=3 -c no.py mysite.wsgi", True),
            ("gunicorn mysite.wsgi", True),
            ("gunicorn -c no.py mysite.wsgi", {"min_size": 6}),
        ]
    },
    "a migration that nobody has written": (
        "W056",
        NOTES
        | {"notes/models.py": NOTES["notes/models.py"].replace("Note(", "Paper(")},
        "INSTALLED_APPS += ['notes']\n",
    ),
    # Static files and storages
    **{
        f"a {name} that names what there is not": (
            "E069",
            {f"mysite/static/{name}": content, "mysite/static/big.mp4": ""},
            STATIC_SETTINGS,
        )
        for name, content in {
            "a.css": "a { background: url(nowhere.svg) }",
            "b.css": "/*# sourceMappingURL=b.css.map */",
            "a.js": "//# sourceMappingURL=a.js.map",
        }.items()
    },
    **{
        f"a page with {tag}": (
            id,
            TEMPLATES
            | {
                "mysite/templates/base.html": "{% block a %}{% endblock %}",
                "mysite/templates/page.html": "{% extends 'base.html' %}{% load static "
                f"%}}{{% block a %}}{{% if 1 %}}{{% {tag} %}}{{% endif %}}"
                "{% endblock %}",
            },
            TEMPLATE_SETTINGS,
        )
        for tag, id in {
            "static 'A.css'": "W120",
            "static 'b.css' as b": "W120",
            "url 'papers'": "W130",
            "url 'papers:paper' 1": "W130",
        }.items()
    },
    "no STATIC_ROOT": ("E060", {}, "STATIC_ROOT = None\n"),
    "no storage of static files": ("E061", {}, "del STORAGES['staticfiles']\n"),
    "Django's own storage": (
        "W062",
        {},
        "STORAGES['staticfiles']['BACKEND'] = "
        "'django.contrib.staticfiles.storage.StaticFilesStorage'\n",
    ),
    "STATICFILES_STORAGE": ("W063", {}, "STATICFILES_STORAGE = 'any'\n"),
    "no WhiteNoise": ("W064", {}, "del MIDDLEWARE[1]\n"),
    "WhiteNoise first": ("W065", {}, "MIDDLEWARE.reverse()\n"),
    "uploads on the disk": (
        "W066",
        UPLOADS,
        PAPERS + f"STORAGES['default'] = {{'BACKEND': '{FILES}'}}\n",
    ),
    "no storage of uploads": ("W067", UPLOADS, PAPERS + "del STORAGES['default']\n"),
    "a storage whose package is missing": (
        "E068",
        UPLOADS,
        PAPERS + "STORAGES['default'] = {'BACKEND': 'nowhere.Storage'}\n",
    ),
    "a storage with wrong options": (
        "E068",
        UPLOADS,
        PAPERS + "STORAGES['default']['OPTIONS'] = {'bucket': 'x'}\n",
    ),
    # E-mail
    "both kinds of TLS": ("E070", {}, "EMAIL_USE_TLS = EMAIL_USE_SSL = True\n"),
    "no timeout": ("W071", {}, SMTP + "EMAIL_TIMEOUT = None\n"),
    "a timeout of the router's": (
        "W071",
        {},
        SMTP + "EMAIL_TIMEOUT = 30\n",
    ),
    "the mail server of a laptop": ("W072", {}, SMTP + "EMAIL_HOST = 'localhost'\n"),
    # Hosts
    "an address without its number": (
        "W090",
        {},
        "ALLOWED_HOSTS = ['my-app.herokuapp.com']\n",
    ),
    **{
        f"no host: {host}": ("E091", {}, f"ALLOWED_HOSTS = ['.test', '{host}']\n")
        for host in ["https://my.test", "my.test:443", "my.test/"]
    },
    "only this machine": ("E092", {}, "ALLOWED_HOSTS = ['localhost', '127.0.0.1']\n"),
    **{
        f"a redirect without end under {lines[-1]}": (
            "W093",
            procfile(command, *lines),
            "SECURE_SSL_REDIRECT = True\n",
        )
        for command, *lines in [
            (DAPHNE, "daphne"),
            (UVICORN, "uvicorn"),
            ("gunicorn --forwarded-allow-ips 10.0.0.1 mysite.wsgi", "gunicorn"),
        ]
    },
    "a redirect without end by gunicorn's file": (
        "W093",
        {
            **procfile("gunicorn mysite.wsgi", "gunicorn"),
            "gunicorn.conf.py": 'forwarded_allow_ips = "10.0.0.1"\n',
        },
        "SECURE_SSL_REDIRECT = True\n",
    ),
    # Logs
    "Django's own LOGGING": ("W100", {}, "LOGGING = {}\n"),
    "a console while DEBUG is on": (
        "W100",
        {},
        "LOGGING['filters'] = {'debug': {'()': 'django.utils.log.RequireDebugTrue'}}\n"
        "LOGGING['handlers']['console']['filters'] = ['debug']\n",
    ),
    "a console for what is critical": (
        "W100",
        {},
        "LOGGING['handlers']['console']['level'] = 'CRITICAL'\n",
    ),
    "a log file": (
        "W100",
        {},
        "LOGGING['handlers']['console'] = "
        "{'class': 'logging.FileHandler', 'filename': '/dev/null'}\n",
    ),
    "loggers that are disabled": (
        "W101",
        {},
        "LOGGING['disable_existing_loggers'] = True\n",
    ),
    "a logger for what is critical": (
        "W102",
        {},
        "LOGGING['loggers'] = {'django.request': {'level': 'CRITICAL'}}\n",
    ),
    # Several at once: none hides the others
    "a check that fails": (
        "W001 E060",
        {},
        "EMAIL_TIMEOUT = 'ten'\nSTATIC_ROOT = None\n" + SMTP,
    ),
}

# What the buildpack says, and the id that says it first; of the rest, nothing.
SPOKEN = {
    buildpack_rules.NO_LANGUAGE: "E030",
    buildpack_rules.NO_MANAGER: "E030",
    "Error: Implicit setup.py file support has been sunset.": "E030",
    buildpack_rules.TWO_MANAGERS: "E032",
    buildpack_rules.NO_LOCK: "E034",
    buildpack_rules.UNREADABLE: "E029",
    buildpack_rules.INVALID: "E023",
    buildpack_rules.INVALID_RUNTIME: "E023",
    buildpack_rules.NONE_FOUND: "E023",
    buildpack_rules.SEVERAL_FOUND: "E023",
    buildpack_rules.END_OF_LIFE: "E024",
    buildpack_rules.UNKNOWN: "W026",
    buildpack_rules.UNAVAILABLE: "W026",
    buildpack_rules.MISSPELT: "E021",
    f"Error: {buildpack_rules.NO_VERSION}": "E025",
    buildpack_rules.NOT_WITH_UV: "E028",
    "Error: Existing 'venv/' directory found.": "E080",
    "Error: Existing '.venv/' directory found.": "E080",
    "Error: Existing '.heroku/python/' directory found.": "E081",
    "mkdir: cannot create directory '.heroku': Not a directory": "E081",
    "The stand-in plays the Python buildpack only.": "W082",
    f"Warning: {buildpack_rules.NO_VERSION}": "W020",
    buildpack_rules.DEPRECATED_FILE: "W022",
    buildpack_rules.DEPRECATED_PYTHON: "W027",
}
UNSPOKEN = {
    None: "the build says nothing",
    buildpack_rules.NEWER_PATCH: "an old patch is built; the next build says it again",
    "Error: Failed to run the bin/pre_compile script.": "scripts are not run here",
    "The stand-in installs with pip and uv only, not with Pipenv.": "Heroku builds it",
    "The stand-in installs with pip and uv only, not with Poetry.": "Heroku builds it",
}


@pytest.fixture(scope="module")
def manager():
    with Manager() as manager:
        yield manager


@pytest.fixture
def said(manager):
    """Ids of what the checks say of the project in a folder, without the namespace."""

    def run(folder, **variables):
        output = manager.run(folder, "check", "--deploy", **ENVIRONMENT | variables)
        assert "System check identified" in output, output
        return set(re.findall(r"\(heroku\.(\w+)\)", output))

    return run


@pytest.fixture
def project(tmp_path):
    """Make a project of GOOD and of what differs from it; return manage.py's folder."""

    def make(files, settings=""):
        files = GOOD | files
        for name in files:
            if name.endswith("mysite/settings.py"):
                files[name] = files[name] and files[name] + settings
        git(tmp_path, "init", "--quiet", "--template=")
        write(tmp_path, files)
        return next(tmp_path.rglob("manage.py")).parent

    return make


@pytest.mark.parametrize("name", SOUND)
def test_what_is_right_is_not_spoken_of(project, said, name):
    files, settings = SOUND[name]
    assert said(project(files, settings)) == set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_spoken_of_and_nothing_else(project, said, name):
    ids, files, settings = FAULTS[name]
    assert said(project(files, settings)) == set(ids.split())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_of_the_buildpack_is_known(project, said, rule):
    files = {**dict.fromkeys([".python-version", "requirements.txt"]), **rule.files}
    files = {name: text for name, text in files.items() if name != "manage.py"}
    if files["requirements.txt"] == "":
        files["requirements.txt"] = GOOD["requirements.txt"]
    expected = {
        SPOKEN[line] for line in {rule.refusal, rule.warning} if line not in UNSPOKEN
    }
    # The build ends at its first refusal; of a version more may be said besides.
    besides = {"W020", "E023"} if rule.refusal else set()
    assert expected <= said(project(files)) <= expected | besides


def test_the_tables_of_the_buildpack_are_those_of_the_stand_in():
    minors = {f"3.{minor}": patch for minor, patch in LATEST_PATCHES.items()}
    assert minors == checks.PYTHONS
    assert set(checks.PACKAGE_FILES) == set(PACKAGE_MANAGERS)
    assert checks.MISSPELT == MISSPELT
    assert set(EARLIER_LANGUAGES) == checks.OTHER_LANGUAGES


def test_the_connections_are_those_of_the_smallest_plan():
    assert FACTS["essential-0-connections"].value == checks.CONNECTIONS


def calls():
    """Kind and arguments of each Error(...) and Warning(...) in checks.py."""
    for node in ast.walk(ast.parse(FILE.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "Error",
            "Warning",
        }:
            yield node.func.id, {each.arg: each.value for each in node.keywords}


def test_each_problem_has_an_id_of_its_own_a_hint_and_a_page():
    ids = [(kind, arguments["id"].value) for kind, arguments in calls()]
    assert len(ids) == len(set(ids)) > 50
    for (kind, id), (_, arguments) in zip(ids, calls(), strict=True):
        assert re.fullmatch(rf"heroku\.{kind[0]}\d{{3}}", id)
        assert "hint" in arguments, id
        page = checks.PAGES[int(id[-3:-1])]
        assert (ROOT / "docs" / f"{page}.rst").is_file(), id


def test_each_problem_is_met_in_a_project():
    met = {id for ids, *_ in FAULTS.values() for id in ids.split()}
    known = {arguments["id"].value.removeprefix("heroku.") for _, arguments in calls()}
    assert known == met | set(SPOKEN.values())


def test_the_page_stands_on_a_line_of_its_own(project):
    output = manage(project({}, "STATIC_ROOT = None\n"), "check", "--deploy")
    page = f"{checks.GUIDE}prepare/static-files.html"
    assert (
        f'HINT: Set STATIC_ROOT = BASE_DIR / "staticfiles".\n\tSee {page}\n' in output
    )


@pytest.mark.parametrize(
    "apps",
    [
        ["mysite.checks", "mysite", "other.checks"],
        ["mysite", "other.checks", "mysite.checks"],
        ["mysite.checks.HerokuChecks", "mysite"],
    ],
    ids=" ".join,
)
def test_nothing_else_of_the_project_is_changed(project, said, apps):
    hello = "from django.core.management import BaseCommand\n"
    hello += "class Command(BaseCommand):\n    def handle(self, **options):\n"
    hello += "        from django.template.loader import render_to_string\n"
    hello += "        print(render_to_string('hello.txt'))\n"
    folder = project(
        {
            "mysite/management/commands/hello.py": hello,
            "mysite/static/style.css": "",
            "mysite/templates/hello.txt": "Hello from a template",
            "other/checks/__init__.py": "",
        },
        f"INSTALLED_APPS = {[*apps, 'django.contrib.staticfiles']}\n"
        "TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates',"
        " 'APP_DIRS': True}]\n"
        "MIGRATION_MODULES = {}\n",
    )
    assert manage(folder, "hello") == "Hello from a template\n"
    collected = manage(folder, "collectstatic", "--no-input", "--verbosity", "1")
    assert collected.startswith("\n1 static file copied"), collected
    assert manage(folder, "makemigrations", "--dry-run") == "No changes detected\n"
    assert said(folder) == set()


def test_without_git_the_files_are_those_of_the_folder(project, said):
    folder = project({})
    assert said(folder, PATH="") == set()
    (folder / "Procfile").unlink()
    assert said(folder, PATH="") == {"E010"}


def test_on_a_dyno_there_is_no_repository(project, said):
    files = moved("backend", TOP) | {
        "Procfile": "web: gunicorn --chdir backend mysite.wsgi\nrelease: true\n"
    }
    folder = project(files, "ALLOWED_HOSTS = os.environ['HOSTS'].split()\n")
    shutil.rmtree(folder.parent / ".git")
    assert said(folder, DYNO="run.1", HOSTS=".herokuapp.com") == set()
    assert said(folder, DYNO="run.1", HOSTS="localhost") == {"E092"}
    assert said(folder, HOSTS="localhost") == set()


def test_the_example_has_no_issues_in_production(tmp_path):
    # Out of the guide's own repository, as the guide copies it.
    example = shutil.copytree(EXAMPLE, tmp_path / "staff-calibration")
    git(example, "init", "--quiet")
    output = manage(
        example,
        *("check", "--deploy"),
        **PRODUCTION
        | {"DATABASE_URL": "postgres://user:password@localhost/calibration"},
    )
    assert output == "System check identified no issues (1 silenced).\n"
