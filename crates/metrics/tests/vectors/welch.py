"""Writes `welch.json`: samples and the results of scipy's t-test for unequal variances.

    pip install scipy
    python welch.py welch.json
"""

import json
import sys

from scipy.stats import ttest_ind

SAMPLES = [
    ([3.47, 3.52, 3.39], [4.41, 4.6, 4.2]),
    ([0.979, 0.981, 0.978, 0.980], [0.9795, 0.9801]),
    ([1.0, 2.0, 3.0, 4.0, 5.0], [1.5, 2.5, 30.0]),
    ([10.0, 10.1], [10.0, 10.1]),
    ([5.0, 5.0, 5.0], [1.0, 2.0, 3.0]),
    ([0.1 * i for i in range(40)], [0.1 * i + 3 for i in range(25)]),
    ([1e-9, 2e-9, 4e-9], [1e9, 2e9]),
]

cases = []
for a, b in SAMPLES:
    result = ttest_ind(a, b, equal_var=False)
    cases.append(dict(a=a, b=b, t=float(result.statistic), degrees=float(result.df), p=float(result.pvalue)))
with open(sys.argv[1], "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
