"""Which of several recipes or runs is better, and whether that is more than luck."""
