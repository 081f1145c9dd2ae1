"""Many pictures: which files, under which names, several at a time, one outcome each."""
