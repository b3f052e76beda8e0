"""The command line: commands of a few lines over `operations`, and how they look.

    app.py          the program, and the one place that catches errors
    lifecycle.py    bootstrap, plan, deploy, teardown
    client.py       tracking-uri, outputs, login
    observation.py  doctor, status, drift, smoke, logs
    files.py        init, validate
    options.py      the options that every command takes, and what they name
    questions.py    what is asked on a terminal
    render.py       plans, reports, errors: for people on a terminal, in a log, or as JSON
    progress.py     a running plan: a live table on a terminal, plain lines elsewhere

stdout is data, stderr is talk. Nothing is imported here before a command needs it: a test counts.
"""
