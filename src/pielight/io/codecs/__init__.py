"""Picture formats, one file for each or for each part of a large one."""
