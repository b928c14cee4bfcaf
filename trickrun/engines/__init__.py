"""From many recipes to many results: worker processes now; other engines can stand beside them."""
