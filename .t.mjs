import { build } from 'rolldown';
import { writeFileSync } from 'node:fs';
writeFileSync('t-entry.mjs',`import { ${process.argv[2]} } from 'devcert-local'; console.log(${process.argv[2]})`);
const r=await build({input:'./t-entry.mjs',platform:'node',write:false,logLevel:'silent',output:{dir:'/tmp/work/bundle/rd',format:'esm',minify:false,codeSplitting:false}});
for(const o of r.output){console.log('==',o.fileName,o.code.length);for(const [m,i] of Object.entries(o.modules))console.log(i.renderedLength,m.split('/').pop(),i.renderedExports.length)}
