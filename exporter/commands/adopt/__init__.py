"""`campaign-exporter adopt`: from a dialler's own tables to the contract's views, as SQL that a DBA reads first."""
