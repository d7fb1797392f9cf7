// A state in a storage of unstorage: what `state` of runAll and `--state` of a worker may name.
import { createStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';

export default createStorage({ driver: fsDriver({ base: process.env.TEST_STORAGE }) });
