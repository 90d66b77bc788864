//! Rules of squawk (<https://squawkhq.com>), made ours.
