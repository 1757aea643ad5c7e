"""What all parts of the app share: readings, their limits, files, and how numbers look.

The apps above import this one; it imports none of them.
"""
