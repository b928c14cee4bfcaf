"""From many recipes to many results: worker processes, and stacks that train as one program."""
