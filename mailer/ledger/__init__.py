"""The ledger of deliveries and the state of editions: their only writer."""
