export default ({ run }) => run.key;
