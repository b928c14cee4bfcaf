"""What people see: lines and tables in the terminal, pictures, pages."""
