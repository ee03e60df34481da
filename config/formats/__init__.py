"""How dates are written in the admin, where Django's own habit of a language is not the bank's."""
