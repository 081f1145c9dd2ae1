"""What joint training is made of: the enhancer as a module, downstream models, their files."""
