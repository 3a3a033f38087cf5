"""A run for other programs: as a stream of a known format, whatever its length."""

from sessions_app.exports.formats import FORMATS, WHOLE, Export, Format, run_export

__all__ = ["FORMATS", "WHOLE", "Export", "Format", "run_export"]
