"""CloudFormation templates: what a template says of a function, its table and its event source mappings."""
