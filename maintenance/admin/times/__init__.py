"""The pages of times that stand against work: freezes, critical days, cut-offs, cover."""
