// A storage of unstorage: what `storage` of runAll and `--storage` of a worker may name.
import { createStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';

export default createStorage({ driver: fsDriver({ base: process.env.TEST_STORAGE }) });
