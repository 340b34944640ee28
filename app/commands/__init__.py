"""The command line, one module a command or group of commands; `app.main` loads only the one that is asked for."""
