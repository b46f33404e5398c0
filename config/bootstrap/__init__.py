"""What ./dev and the container do before and around the site: prepare, serve, test, check."""
