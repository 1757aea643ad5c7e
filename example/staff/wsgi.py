"""The WSGI application that gunicorn serves, as named in the Procfile."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "staff.settings")

application = get_wsgi_application()
