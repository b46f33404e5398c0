"""How gunicorn serves the site, on a desk and in a container alike. WEB_WORKERS and WEB_THREADS set the size."""

import os

workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
# A heartbeat file on a slow disk makes healthy workers look dead.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108  # gunicorn wants a string.
timeout = 60
graceful_timeout = 10
keepalive = 5
loglevel = "warning"
control_socket_disable = True
# One connection for each thread that may ask at the same time; the pool is for web processes alone.
raw_env = [f"DATABASE_POOL={os.environ.get('DATABASE_POOL', threads)}"]
