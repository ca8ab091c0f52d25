"""The files of a new project, and of a new entity in one.

- :mod:`router.cli.project.names` turns an entity's name into those of a class and a module, and checks other names.
- :mod:`router.cli.project.files` makes the files from ``templates/``.
- :mod:`router.cli.project.registering` adds routes to the module of an existing app.
"""
