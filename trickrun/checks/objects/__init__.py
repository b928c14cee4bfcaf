"""The checks on a training that is given by its objects: a module, its data, loss, optimizer."""
