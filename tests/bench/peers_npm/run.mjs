// Completes the benchmark's ten tasks with bpmn-engine, its state written and flushed after each; with
// "recover", in an engine that is made anew from that state each time. Prints milliseconds a step as JSON.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Engine } from 'bpmn-engine';

const [, , diagram, store, mode, turns] = process.argv;
const source = readFileSync(diagram, 'utf8');
const file = openSync(store, 'w+');

async function save(engine) {
  const state = JSON.stringify(await engine.getState());
  writeSync(file, state, 0);
  fsyncSync(file);
  return state;
}

function open(execution) {
  return execution.getPostponed().find((activity) => activity.type === 'bpmn:UserTask');
}

async function begin() {
  const engine = new Engine({ name: 'bench', source });
  return { engine, execution: await engine.execute() };
}

async function again(state) {
  const engine = new Engine({ name: 'bench' }).recover(JSON.parse(state));
  return { engine, execution: await engine.resume() };
}

async function one() {
  const taken = [];
  let here = await begin();
  let state = await save(here.engine);
  for (let step = 1; step <= 10; step += 1) {
    const started = performance.now();
    if (mode === 'recover' && step > 1) here = await again(state);
    open(here.execution).signal();
    state = await save(here.engine);
    taken.push(performance.now() - started);
  }
  return taken.reduce((sum, ms) => sum + ms, 0) / taken.length;
}

await one();
const found = [];
for (let turn = 0; turn < Number(turns); turn += 1) found.push(await one());
closeSync(file);
console.log(JSON.stringify(found));
