// In the place of the library of charts, 200 kB that unfold gives to every page: no page of ours draws one.
