"""gunicorn's settings: https://docs.gunicorn.org/en/stable/settings.html

Two settings are missing here because gunicorn reads them from the environment,
where Heroku puts them: PORT (where to listen) and WEB_CONCURRENCY (the number of
workers).
"""

import gc
from importlib import import_module

# Threads let a worker answer while another request waits for the database;
# as many as DATABASE_POOL_SIZE, so that no thread waits for a connection.
worker_class = "gthread"
threads = 4

# Load the app once and fork: less memory, and gunicorn ends at an import error.
preload_app = True

# Heroku's router keeps idle connections for 90 seconds. It must be the one to
# close them, or a request can meet a closing connection.
# https://devcenter.heroku.com/articles/http-routing#keepalives
keepalive = 95

# Heroku kills a dyno 30 seconds after SIGTERM; answer open requests before that.
# https://devcenter.heroku.com/articles/dyno-shutdown-behavior
graceful_timeout = 20

# Only the router reaches a dyno, so its X-Forwarded-Proto can be trusted.
forwarded_allow_ips = "*"

# One log line per request, with the id that is in the app's other lines too.
accesslog = "-"
access_log_format = (
    'method=%(m)s path="%(U)s" status=%(s)s bytes=%(B)s duration_us=%(D)s '
    "request_id=%({x-request-id}o)s"
)

# Nothing controls a dyno's gunicorn through a socket.
control_socket_disable = True


def when_ready(server):
    """Import the views before the fork too, so that the workers share them.

    The garbage collector does not touch frozen objects, so they stay shared.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    from django.conf import settings

    import_module(settings.ROOT_URLCONF)
    gc.freeze()
