import * as calibration from '@crossreg/calibration';
import * as core from '@crossreg/core';
import * as datasets from '@crossreg/datasets';
import * as datasetsNode from '@crossreg/datasets/node';
import * as jax from '@crossreg/jax';
import * as linear from '@crossreg/linear';
import * as report from '@crossreg/report';
import * as runs from '@crossreg/runs';
import * as tfjs from '@crossreg/tfjs';
import * as layers from '@crossreg/tfjs-layers';
import * as node from '@crossreg/tfjs-node';
import * as wasm from '@crossreg/tfjs-wasm';
import * as augment from '../src';

/** What each package exports, by its name and entry. */
export const packages: Readonly<Record<string, object>> = {
  ...{ core, tfjs, 'tfjs-layers': layers, 'tfjs-augment': augment, linear, calibration, runs, report, jax },
  ...{ datasets, 'datasets/node': datasetsNode, 'tfjs-wasm': wasm, 'tfjs-node': node },
};
