"""What rules are made of: expressions on the catalogue's names, recorded series, and the words a person reads."""
