"""Why is it not dialling? The answer in a terminal, of one campaign or one task, straight from the database."""
