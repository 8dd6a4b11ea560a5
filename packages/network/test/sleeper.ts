/** A node in a process of its own, to be stopped and continued by signals. */
import type { AdmissionSnapshot } from '../src/index.ts';
import { addressesOf, createNode, QUICK } from './nodes.ts';

const node = createNode('sleeper', { limits: QUICK });
await node.network.start();
process.on('message', (peer: AdmissionSnapshot['nodes'][number]) => node.network.setAdmission({ nodes: [peer] }));
process.send?.({ nodeId: node.nodeId, addresses: [...addressesOf(node)] });
