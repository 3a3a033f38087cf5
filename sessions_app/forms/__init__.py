"""Forms of the HTML pages. Rules of a recipe are the emulator's; here only shapes are checked."""
