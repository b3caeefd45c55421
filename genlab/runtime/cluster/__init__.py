"""Workers on other machines: a Ray cluster's nodes, each with ordinary workers, behind the interface of a host."""
