"""The boards: a folder or a module each. They say what is asked and what it means; looks are the vocabulary's."""
