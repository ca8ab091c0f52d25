"""CloudFormation templates: the function, its table and its event source mappings that a template declares.

- :mod:`router.local.cloudformation.intrinsics` resolves intrinsic functions: those of
  :mod:`~router.local.cloudformation.functions`, with :mod:`~router.local.cloudformation.references` to parameters and
  resources; :mod:`~router.local.cloudformation.values` are those that are no plain data.
- :mod:`router.local.cloudformation.for_each` expands loops.
- :mod:`router.local.cloudformation.resources` has the resources of a template with their line numbers.
- :mod:`router.local.cloudformation.mappings` finds the event source mappings, SAM's and CloudFormation's own.
- :mod:`router.local.cloudformation.code` finds the code of a function on this machine, and the app in it.
- :mod:`router.local.cloudformation.template` reads the tables and functions that run on a developer's machine.
- :mod:`router.local.cloudformation.tables` creates the tables in an engine.
- :mod:`router.local.cloudformation.edit` and :mod:`~router.local.cloudformation.yaml_text` write FilterCriteria into
  the text of a template.
"""
