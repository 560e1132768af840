"""The charts of a report, made with Bokeh; their ink comes from the page, light or dark."""
