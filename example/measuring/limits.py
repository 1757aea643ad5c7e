"""The limits of a measurement, and of what the app accepts; no Django here."""

# The factor of a staff, true length / length read: none is further from 1.
FACTOR = (0.99, 1.01)

# The temperatures at which a staff is used [°C].
TEMPERATURE = (-10, 55)

# How much a staff expands [ppm/°C], and how long it is [m].
THERMAL_COEFFICIENT = (0, 50)
STAFF_LENGTH = (1, 7)

# The standard deviation of a reading [m]: no level reads better than a nanometre or
# worse than a metre. Between the two, all squares and weights are finite.
SIGMA = (1e-9, 1.0)

# The number of measurements that a reading is the mean of.
LARGEST_COUNT = 9999

# The size of an uploaded file [bytes].
UPLOAD = 200_000

# Longer lists continue on another page.
ROWS_A_PAGE = 50
