"""What somebody's data are like, as a first recipe needs to know it."""
