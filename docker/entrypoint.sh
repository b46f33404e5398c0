#!/bin/sh
# What a container does, by its first argument. Anything else is run as a command.
set -eu
case "${1:-web}" in
    # Once before the others: database, cache table, reference data, policy, static files. No sample data.
    prepare) exec python -m config.bootstrap.prepare --without-demo ;;
    web) exec python -m gunicorn --config python:config.gunicorn config.wsgi ;;
    worker) exec python -m celery --quiet --app config worker --concurrency "${WORKER_PROCESSES:-2}" --loglevel INFO ;;
    # Exactly one of these: two would send every task of the timetable twice.
    beat) exec python -m celery --quiet --app config beat --schedule "$VAR_DIR/celerybeat-schedule" --pidfile= --loglevel INFO ;;
    *) exec "$@" ;;
esac
