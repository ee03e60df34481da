"""The pages of the notice that is promised, and of what each rule weighs."""
