"""How alike two campaigns are, and what past ones make one expect of a new one."""
