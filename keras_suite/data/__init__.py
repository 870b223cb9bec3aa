"""One module per dataset: where its rows come from, their checks, a sample without network."""
